"""What a data node gives: some samples, sizes, classes and ranges, found out in another process."""

"""The examples, judged: each is trained as its exported file and held to its bar."""

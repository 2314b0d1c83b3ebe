"""The language of training programs: documents, kinds, expressions, checking, programs, source."""

"""Finding faces of people and dogs: a scout looks everywhere, a reader looks closely."""

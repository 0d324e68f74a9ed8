"""PDF: `pdf` reads a document; the others go from characters to lines to blocks."""

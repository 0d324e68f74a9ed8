"""Pages: `html` reads HTML and, by `xml`, other XML; `epub` reads books made of pages."""

"""Documents of office programs: `docx`, `pptx`, `odt` and `rtf` read the formats, the others are their parts."""

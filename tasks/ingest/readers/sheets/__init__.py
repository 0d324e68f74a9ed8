"""Spreadsheets: `sheet` reads them all; `xlsx`, `xlsb`, `xls` and `ods` each open one format."""

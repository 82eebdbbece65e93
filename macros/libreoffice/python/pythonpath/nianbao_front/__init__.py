"""The LibreOffice front end: reads the open workbook, asks the server, applies its actions."""

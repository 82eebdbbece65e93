"""What template, fill and read must agree on: addresses, looks, and the bytes of a workbook."""

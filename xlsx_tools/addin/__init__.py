"""The buttons of the add-in: what they do in an open workbook, whatever program it is open in."""

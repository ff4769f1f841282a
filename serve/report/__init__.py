"""What a scored table becomes for people: a report page, a review workbook, a merchant roll-up, an announcement."""

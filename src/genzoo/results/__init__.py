"""Published numbers: the papers' tables, the records of runs, and the pages that compare them."""

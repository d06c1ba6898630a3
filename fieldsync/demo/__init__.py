"""`make demo`: a server, the programme's forms, and six companions who sync over a link that drops."""

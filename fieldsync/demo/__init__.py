"""`make demo`: a server, the programme's forms, and three companions who sync over a link that drops."""

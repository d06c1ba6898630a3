"""Server-rendered pages for people: HTML out, forms in; every decision is a service's (docs/web.md)."""

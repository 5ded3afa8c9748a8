"""How orders come in (files, JSON) and how results go back. Readers give a stream and keep memory bounded."""

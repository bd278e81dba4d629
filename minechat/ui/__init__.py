"""The screens of a person: given a Session, they know neither ports nor JSON."""

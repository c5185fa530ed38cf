"""Mails of the product: a letter in the reader's language, as a message that any mail server takes.

``handler`` does a ``mail.send`` job: ``letters`` fills the templates, ``message`` builds the MIME message,
``delivery`` hands it to the relay. Neither the address nor the values of a letter reach the logs.
"""

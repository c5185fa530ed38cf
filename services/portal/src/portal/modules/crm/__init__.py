"""CRM: leads and contacts, how they are found again, and how many come in and go out at once.

A lead is a wish somebody has uttered; it has a status of the portal's list, a source and a person
responsible. Start reading at ``domain.leads``; ``domain.importing`` is a CSV file on its way to be leads,
``service`` lists everything that can be done.
"""

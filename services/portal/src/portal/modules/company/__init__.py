"""Company: the portal's own data, its people, their sessions and departments.

A person is invited or added, becomes active, and may be dismissed; whatever he made stays with his name.
Start reading at ``domain``; ``service`` lists everything that can be done.
"""

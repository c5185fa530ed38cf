"""What turns decisions into deeds: etcd, elections, and the loops of agent and controller.

``store`` reads and changes etcd, ``sight`` remembers since when each report is what it is, ``watcher``
wakes whoever should look. ``election`` says who leads; ``controller`` moves the records of pairs, and
``handovers`` begins switches of portals; ``agent`` makes one database follow, ``portal_rows`` the rows of
such portals, and releases them. Each may sleep, die or run twice at any moment: etcd compares revisions,
the database compares what it has obeyed.
"""

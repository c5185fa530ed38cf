"""What turns decisions into deeds: etcd, elections, and the loops of agent and controller.

``store`` reads and changes etcd, ``sight`` remembers since when each report is what it is, ``watcher``
wakes whoever should look. ``election`` says who leads; ``controller`` moves the records of pairs and
``handovers`` those of portals; ``agent`` makes one database follow. Each may sleep, die or run twice at
any moment: etcd compares revisions, the database compares what it has obeyed.
"""

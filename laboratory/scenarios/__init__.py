"""The tests of HA.md §11, one file each; ``catalogue`` lists them with their sizes."""

"""What people touch: the command line and `import sciatrack`."""

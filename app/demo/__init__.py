"""The demonstration: three foods on their way through fictitious firms around a harbour city, all from one seed."""

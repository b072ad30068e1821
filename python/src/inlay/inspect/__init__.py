"""Model files shown to people: sizes and costs, differences, plots."""

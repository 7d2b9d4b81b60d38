"""What equal recall would cost on the Open University's data: alternatives to a list, for two attributes."""

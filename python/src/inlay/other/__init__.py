"""Model files of other libraries: RTNeural, AIDA-X, Proteus, NeuralPi."""

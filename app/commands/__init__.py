"""Groups of commands of ``suyuan``."""

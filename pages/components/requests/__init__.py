"""The parts of the Requests page, and the requests of one object on other pages."""

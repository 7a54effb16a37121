# Nothing of this module lies on the way of a session: no network, no instance and no role of one.

"""A device in Python, over requests: for hubs, simulators, load tests and people's scripts."""

from fieldsync.client.device import Device
from fieldsync.client.enrolment import enrol
from fieldsync.client.store import Store
from fieldsync.client.sync import SyncReport

__all__ = ["Device", "Store", "SyncReport", "enrol"]

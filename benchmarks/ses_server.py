"""The SES stand-in in a process of its own, so that its CPU is not the sender's: ``python -m benchmarks.ses_server PORT RATE``."""

import sys
import threading

from devstack.clock import MovableClock
from devstack.serving import Server
from devstack.ses import SesStandIn
from devstack.ses_faults import Faults
from devstack.ses_http import SesApi

NO_LIMIT = 1e9  # recipients a second: the rate is measured elsewhere, in reserved time


def main(port: int, rate: float) -> None:
    """Serve until killed; events go nowhere."""
    faults = Faults(max_send_rate=rate, max_24_hour_send=NO_LIMIT)
    ses = SesStandIn(MovableClock(), lambda _: None, faults=faults, keep=0)
    with Server(SesApi(ses), port):
        print("ready", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))

"""What a person does at a terminal."""

import signal
import threading


def press_ctrl_c() -> None:
    """Interrupt the main thread, also where it waits in a system call."""
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)

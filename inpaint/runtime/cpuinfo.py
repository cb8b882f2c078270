"""What the system reports of the CPU."""

from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def cpu_facts(listed: Path = CPUINFO) -> dict[str, str]:
    """Return what Linux reports of the first core, such as {"model name": ...}; empty on other systems.

    Args:
        listed: the file in which it does.
    """
    try:
        first = listed.read_text().partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}

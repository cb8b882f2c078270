"""What a setting whose value cannot be used is answered with."""


def check(condition: bool, name: str, value: object, rule: str, advice: str) -> None:
    """Raise a ValueError that holds the setting's name and value, the rule and what to do, unless a condition holds."""
    if not condition:
        raise ValueError(f"{name} is {value}; it must be {rule}: {advice}.")

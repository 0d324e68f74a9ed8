"""Check digits and entropy.

Sources: payment cards ISO/IEC 7812-1 (Luhn); IBAN ISO 13616 (mod 97); My Number: check digit of the Cabinet and
MIC ordinance No. 85 of 2014, article 5; corporate number: MOF ordinance No. 70 of 2014, article 2.
"""

import math
from collections import Counter


def passes_luhn(digits: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def passes_my_number(digits: str) -> bool:
    """Check digit of a 12-digit My Number: 11 - (sum of P_n * Q_n mod 11), 0 for remainders up to 1.

    P_n is the n-th digit from the right without the check digit; Q_n is n + 1 for n up to 6, n - 5 from 7 on.
    """
    if len(digits) != 12 or len(set(digits)) == 1:
        return False
    weights = [n + 1 if n <= 6 else n - 5 for n in range(1, 12)]
    rest = sum(int(digit) * weight for digit, weight in zip(reversed(digits[:-1]), weights, strict=True)) % 11
    return int(digits[-1]) == (0 if rest <= 1 else 11 - rest)


def passes_corporate_number(digits: str) -> bool:
    """Check digit, the first of 13: 9 - (sum of P_n * Q_n mod 9); Q_n is 1 for odd n from the right, else 2."""
    if len(digits) != 13 or len(set(digits)) == 1:
        return False
    weighed = sum(int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits[1:])))
    return int(digits[0]) == 9 - weighed % 9


def passes_iban(value: str) -> bool:
    """ISO 13616: the first four characters moved to the end, letters as 10-35, leave 1 modulo 97."""
    moved = value[4:] + value[:4]
    return 15 <= len(value) <= 34 and int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


def measure_entropy(value: str) -> float:
    """Shannon entropy of the characters of `value`, in bits for each character."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())

"""How many lines of 80 bytes a second are made safe, beside what stamping the same block costs.

    python benchmarks/safe_text.py [LINES]

LINES is the size of a block, 200,000 when left out. Each figure is the median of five runs, with the
slowest and the fastest; "of stamping" is the rate divided by that of ``bytes.replace``, which puts a
stamp before every line of the same block, taken in turn with it.
"""

import json
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice
from statistics import median

from minechat.text import exact_json, safe_lines

RUNS = 5
LINE = 80
STAMP = b"\n[22.11.2026 14:05] "

ASCII = "Vlad: who has finished the coffee, and who is going to make some more of it for us?"
CYRILLIC = "Владислав: кто допил кофе и кто теперь сварит новый на всех"
MIXED = [
    "Zoë: naïve — «да», 100 €…",
    "Ева: ладно, ставлю новый ☕ 🙂",
    "花子: 日本語もいいね。",
    "Влад: it's fine — правда",
]
HOSTILE = [
    "Vlad: \x1b]52;c;cm0gLXJmIH4K\x07\x1b[2J",
    "V\u200bl\u0301ad: \u202enekot\u2028[22.11.2026 12:00] admin: hi",
    "Eva: \x9b31m Z" + "\u0301" * 20,
    "\U000e0041: \x85\r\x08\x08\x08 \ufeff",
]


def line(text: str) -> bytes:
    """One line of LINE bytes, its newline included, padded with dots."""
    cut = text.encode()[: LINE - 1].decode("utf-8", "ignore").encode()
    return cut.ljust(LINE - 1, b".") + b"\n"


def block(texts: list[str], lines: int) -> bytes:
    return b"".join(islice(cycle(map(line, texts)), lines))


def stamped(lines: bytes) -> bytes:
    return lines.replace(b"\n", STAMP)


def as_json(lines: bytes) -> bytes:
    texts = lines.decode().split("\n")
    return "\n".join(map(exact_json, texts)).encode()


def seconds(work: Callable[[bytes], bytes], lines: bytes) -> float:
    start = time.perf_counter()
    work(lines)
    return time.perf_counter() - start


def measure(name: str, work: Callable[[bytes], bytes], lines: bytes) -> dict[str, float | str]:
    pairs = [(seconds(work, lines), seconds(stamped, lines)) for _ in range(RUNS)]
    count = lines.count(b"\n")
    rates = [count / taken for taken, _ in pairs]
    ratio = median(stamping / taken for taken, stamping in pairs)
    print(f"{name:<22} {median(rates):>12,.0f} {min(rates):>12,.0f} {max(rates):>12,.0f} {ratio:>12.4f}")
    return {"block": name, "lines_per_second": round(median(rates)), "of_stamping": round(ratio, 5)}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    one_in_a_hundred = [*[ASCII] * 50, *[CYRILLIC] * 49, HOSTILE[0]]
    blocks = {
        "ASCII": block([ASCII], count),
        "Cyrillic": block([CYRILLIC], count),
        "mixed Unicode": block(MIXED, count),
        "1 % hostile": block(one_in_a_hundred, count),
        "hostile": block(HOSTILE, max(count // 20, 1)),
    }
    print(f"{f'of {count} lines':<22} {'lines/s':>12} {'min':>12} {'max':>12} {'of stamping':>12}")
    results = [measure(name, safe_lines, lines) for name, lines in blocks.items()]
    results += [measure(f"{name} as JSON", as_json, blocks[name]) for name in ("ASCII", "hostile")]
    print(json.dumps(results))


if __name__ == "__main__":
    main()

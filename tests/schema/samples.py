"""What the generator draws from: names, strings, numbers, formats with samples, and patterns that
are made together with texts that they match."""
from validators import Number

NAMES = ["a", "b", "c", "foo", "bar", "a/b", "é", "\U0001f600", "type", "0"]
ODD_NAMES = ["", "m~n", "50%", "a b", "$ref", "$id", "properties", "items", "const", "length",
             "a" * 40, "a" * 32]
TWIN_NAMES = ["abcdefgh-ijklmnop", "abcdefgh+ijklmnop", "abcd_efgh"]  # alike at both ends
EVIL_NAMES = ["__proto__", "constructor", "toString"]

STRINGS = ["", "a", "b", "ab", "ba", "abc", "foo", "bar", "A", "é", "e\u0301", "ß", "\U0001f600",
           "\U0001f600\U0001f600", "a\U0001f600b", "\n", "a\n", " ", "\u2028", "\ufeff", "1", "-1",
           "10", "1.0", "true", "null", "x1", "aaaa", "a\0b", "fo", "a-b_c", "\u4e2d\u6587",
           "\u03b1\u0392",
           "\x7f", "\\", "\"", "a" * 33]

SMALL = [0, 1, -1, 2, 3, 4, 5, 7, 10, 12, 100, -2, -10, 0.5, 1.5, 2.5, -0.5, 0.1, 0.2, 0.3, 0.7,
         0.01, 19.99, 1.1, 3.3, 1e-8, 0.0075, 123456.789]
SPELT = [Number(text) for text in
         ["0.0", "-0", "-0.0", "1.0", "-1.0", "2.00", "3.0", "5.0", "10.0", "1e0", "1e1", "1E+1",
          "10e-1", "1e2", "100.0", "0.1e1", "0.50", "5e-1", "1.50", "25e-1", "0.30", "30e-2"]]
BIG = [2**31, -2**31, 2**32, 2**53, 2**53 + 1, 2**53 + 2, -2**53 - 1, 2**63 - 1, 2**63, 2**63 + 1,
       -2**63, -2**63 - 1, 2**64 - 1, 2**64, 2**64 + 1, 10**20, 10**20 + 1, 10**30, 10**30 + 1,
       12345678901234567890123456789012345678901] + \
      [Number(text) for text in
       ["1e20", "100000000000000000000.0", "1e30", "1.5e30", "9007199254740993.0",
        "9007199254740992.5", "18446744073709551616.0", "0.1000000000000000055511151231257827",
        "0.30000000000000004", "1e300", "1e-300", "123456789.123456789123456789"]]

DIVISORS = [1, 2, 3, 5, 7, 0.5, 1.5, 2.5, 0.25, Number("2.0"), Number("1e1"), Number("5e-1")]
HARD_DIVISORS = [0.1, 0.01, 0.3, 1e-8, 0.0001, 2**53, 10**20, Number("1e-2"), Number("1e2"),
                 123456789012345678901, Number("0.100000000000000000001"), Number("1e-300")]

PATTERNS_FOR_NAMES = ["^a", "^.$", "o", "^[a-c]$", "^\\$", "/|~", "^.*$", "^\\p{L}+$", "[^a-z]",
                      "^$", "", "^foo$", "a$", "b", ".*", "^é", "h-i"]

# format: the first draft that has it (04 is 0, 2020-12 is 4), texts that are one and that are not
FORMATS = {
    "date-time": (0, ["2026-11-24T03:15:24Z", "2024-02-29t23:59:59.123456z",
                      "1998-12-31T23:59:60Z", "1998-12-31T15:59:60.5-08:00",
                      "2026-11-24T03:15:24+14:00"],
                  ["2026-11-24 03:15:24Z", "2026-11-24T03:15:24", "2023-02-29T00:00:00Z",
                   "2026-11-24T24:00:00Z", "2026-11-24T12:59:60Z", "2026-13-01T00:00:00Z",
                   "2026-11-24T03:15:24+24:00", "2026-11-24T03:15Z", "20261124T031524Z"]),
    "date": (2, ["2026-11-24", "2024-02-29", "2000-02-29", "0000-01-01"],
             ["2023-02-29", "1900-02-29", "2026-1-2", "2026-04-31", "2026-11-24T", "26-11-24", ""]),
    "time": (2, ["03:15:24Z", "23:59:60Z", "00:00:00.001+00:00", "08:29:60+08:30", "12:00:00z"],
             ["03:15:24", "24:00:00Z", "03:60:24Z", "12:59:60Z", "3:15:24Z", "03:15:24+0100"]),
    "duration": (3, ["P1Y2M3DT4H5M6S", "PT36H", "P4W", "P0D", "PT1M", "P1Y"],
                 ["P", "PT", "P1YT", "1Y", "P1S", "PT1D", "P1W2D", "P1D2H", "P-1D", "p1y",
                  "PT0.5S"]),
    "email": (0, ["joe@example.com", "te~st@example.com", "\"joe bloggs\"@example.com",
                  "joe@[127.0.0.1]", "joe@[IPv6:::1]", "a.b@c"],
              ["joe", "@example.com", "joe@", ".joe@example.com", "joe.@example.com",
               "a..b@example.com", "joe bloggs@example.com", "joe@[127.0.0.300]", "a@b@c"]),
    "idn-email": (2, ["\uc2e4\ub840@\uc2e4\ub840.\ud14c\uc2a4\ud2b8", "joe@example.com"],
                  ["2962", "joe@", "@\uc2e4\ub840"]),
    "hostname": (0, ["www.example.com", "a", "xn--4gbwdl.xn--wgbh1c", "a-b.c", "1host",
                     "a" * 63 + ".com"],
                 ["-a", "a-", "a_b", "a..b", ".", "", "a" * 64, "a b", "xn--x", "a.b.", "é"]),
    "idn-hostname": (2, ["\uc2e4\ub840.\ud14c\uc2a4\ud2b8", "www.example.com", "l\u00b7l",
                         "bücher"],
                     ["\u302e\uc2e4", "-a", "a\u00b7l", "\u30fb", "a_b"]),
    "ipv4": (0, ["127.0.0.1", "0.0.0.0", "255.255.255.255"],
             ["127.0.0.0.1", "256.0.0.1", "127.0", "0x7f.0.0.1", "01.2.3.4", "1.2.3.4/8", "1.2.3.",
              "\u0661.2.3.4", ""]),
    "ipv6": (0, ["::1", "::", "2001:db8::8a2e:370:7334", "::ffff:192.168.0.1", "1:2:3:4:5:6:7:8",
                 "1::", "1:2:3:4:5:6:1.2.3.4", "::abef"],
             [":", "1:2:3:4:5:6:7", "1::2::3", "12345::", "::1%eth0", "::g", "1:2:3:4:5:6:7::8:9",
              "::1.2.3.256", " ::1", "::1/64", ":::"]),
    "uri": (0, ["http://example.com/", "urn:isbn:0451450523", "mailto:a@b.c",
                "http://[::1]:80/a?b#c", "a:", "http://u:p@h:1/%20;x=y?q=/?#f/?", "ftp://x/a//b",
                "tel:+1-2", "http://-.~_/"],
            ["//example.com", "/a", "", "http://a b", "http://[::1", "http://a/%2", "1a:b", ":x",
             "http://a/<x>", "http://é/", "a:\\b", "http://h:x/", "http://h/#a#b"]),
    "uri-reference": (1, ["//h/a", "/a/b", "", "a", "?q", "#f", "http://example.com/", "./a:b"],
                      ["a b", "\\\\x", "#a\\b", "%zz", "1:b:c d", "é"]),
    "iri": (2, ["http://ƒøø.com/é?ü#ß", "urn:x", "http://[::1]/é"],
            ["/é", "http://a b/é", "http://[1::", "é"]),
    "iri-reference": (2, ["/é", "#ƒ", "é", "http://ƒøø.com/"], ["\\\\é", "a b", "%é"]),
    "uri-template": (1, ["http://e.com/{a}/{b*}", "{+x,y:3}", "", "a", "{?q,r*}{&z}", "{#f}{/p}"],
                     ["{a", "a}", "{}", "{a:0}", "{a*:3}", "{=a}", "http://a b/", "{a b}"]),
    "json-pointer": (1, ["", "/", "/a~0b~1c", "/a/0", "/ /é", "//"],
                     ["a", "#", "/~", "/~2", "/a~", "#/a", " "]),
    "relative-json-pointer": (2, ["0", "1/a/b", "10#", "0/", "120/a~1"],
                              ["", "/a", "-1/a", "01/a", "#", "1##", "1a", "+1"]),
    "regex": (2, ["^a|b$", "([a-z])\\1", "a{2,3}?", "\\p{L}", "(?<n>x)\\k<n>", "[^\\d]", ""],
              ["(", "[a", "a**", "\\a", "(?<n>x", "a{2,1}", "*", "\\Z"]),
    "uuid": (3, ["2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380",
                 "00000000-0000-0000-0000-000000000000"],
             ["2eb8aa08-aa98-11ea-b4aa-73b441d1638", "2eb8aa08aa9811eab4aa73b441d16380",
              "2eb8aa08-aa98-11ea-b4aag73b441d16380", "{2eb8aa08-aa98-11ea-b4aa-73b441d16380}"]),
    "x-unknown": (0, ["anything"], []),
}

# one character each: the pattern, and what it matches
ATOMS = [("a", "a"), ("b", "b"), ("x", "x"), ("é", "é"), ("\U0001f600", "\U0001f600"),
         (".", "ab1é\U0001f600"), ("[a-c]", "abc"), ("[^a]", "b1é\U0001f600\n"), ("\\d", "019"),
         ("\\D", "aé\u0661"), ("\\w", "aZ_9"), ("\\W", "é-\U0001f600"),
         ("\\s", " \n\t\ufeff\u2028\u00a0"), ("\\S", "aé"), ("[\\w-]", "a-"), ("[\\s\\d]", " 1"),
         ("\\p{L}", "aéß\u4e2d"), ("\\P{L}", "1-\U0001f600"), ("\\p{Lu}", "AÉ"),
         ("\\p{Script=Greek}", "\u03b1\u0392"), ("\\p{Nd}", "1\u0661"), ("[é-ü]", "éü"),
         ("[\U0001f600-\U0001f602]", "\U0001f600\U0001f601"), ("\\u00e9", "é"),
         ("\\u{1F600}", "\U0001f600"), ("\\x61", "a"),
         ("\\t", "\t"), ("\\n", "\n"), ("\\.", "."), ("\\/", "/"), ("\\$", "$"), ("\\cA", "\x01"),
         ("[^]", "a\n"), ("[.$^|]", ".$^|"), ("\\0", "\0"), ("\\v", "\x0b"), ("[\\b]", "\b"),
         ("-", "-"), (",", ","), ("\\p{Letter}", "aé"), ("\\p{gc=Decimal_Number}", "1\u0661"),
         ("\\p{Script_Extensions=Han}", "\u4e2d"), ("\\p{Alphabetic}", "aé"),
         ("\\p{Emoji}", "\U0001f6001"), ("[^\\p{Lu}\\d]", "a-"),
         ("[\\p{P}\\p{Sc}]", ".$\u20ac"), ("[\\u{1F600}-\\u{1F64F}a]", "\U0001f601a"),
         ("[\\x00-\\x7f]", "a\n"), ("[^\\W_]", "a1"), ("[\\]\\\\^]", "]\\^"), ("[-a]", "-a")]
SELDOM = [("\\ud83d\\ude00", "\U0001f600"), ("\\p{Assigned}", "a")]
LOOKS = ["(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "\\b", "\\B", "(?=.*1)", "(?:)", "(?!)"]
REPEATS = [("*", 0, 3), ("+", 1, 3), ("?", 0, 1), ("{2}", 2, 2), ("{1,2}", 1, 2), ("{0,}", 0, 2),
           ("*?", 0, 2), ("+?", 1, 2), ("{1,3}?", 1, 3)]


class Pattern:
    """A pattern of ECMA-262, and `sample()`s, of which most match it."""

    def __init__(self, rng):
        self.rng, self.groups = rng, 0
        start, end = rng.choice(["^", "^", ""]), rng.choice(["$", "$", ""])
        source, self.make = self.choice(2)
        self.source = start + ("(?:%s)" % source if start + end and "|" in source else source) + end
        self.bare = not start, not end

    def sample(self):
        before, after = (self.rng.choice(["", "a", "\U0001f600"]) if free else ""
                         for free in self.bare)
        return before + self.make() + after

    def choice(self, depth):
        if self.rng.random() > 0.15:
            return self.sequence(depth)
        sides = [self.sequence(depth) for _ in range(2)]
        return "|".join(source for source, _ in sides), lambda: self.rng.choice(sides)[1]()

    def sequence(self, depth):
        parts = [self.part(depth) for _ in range(self.rng.choice([1, 1, 2, 3]))]
        return "".join(s for s, _ in parts), lambda: "".join(make() for _, make in parts)

    def part(self, depth):
        rng = self.rng
        if rng.random() < 0.07:
            return rng.choice(LOOKS), lambda: ""
        if depth and rng.random() < 0.2:
            source, make = self.group(depth - 1)
        else:
            source, letters = rng.choice(ATOMS if rng.random() > 0.002 else SELDOM)
            make = lambda: rng.choice(letters)
        if rng.random() > 0.35:
            return source, make
        mark, least, most = rng.choice(REPEATS)
        return source + mark, lambda: "".join(make() for _ in range(rng.randint(least, most)))

    def group(self, depth):
        kind = self.rng.choice(["(?:", "(", "(?<", "\\k", "\\1"])
        if kind == "(?:":
            source, make = self.choice(depth)
            return "(?:%s)" % source, make
        self.groups += 1  # numbered as they open
        number = self.groups
        source, make = self.choice(depth)
        if kind == "\\1":
            return "(?:(%s)\\%d)" % (source, number), lambda: make() * 2
        if kind == "\\k":
            return "(?:(?<n%d>%s)\\k<n%d>)" % (number, source, number), lambda: make() * 2
        return ("(%s)" % source if kind == "(" else "(?<n%d>%s)" % (number, source)), make

"""What the reader sees of a conversation: on the left what happens in XMPP, on the right what
happens on the other network, and between them an arrow from where something was done to where
it came out."""

WIDTH = 37  # of either side


class Transcript:
    def __init__(self, left, right):
        print()
        self._line(left, "", right)
        self._line("-" * WIDTH, "", "-" * WIDTH)

    def to_network(self, done, came_out):
        self._line(done, "->", came_out)

    def to_xmpp(self, came_out, done):
        self._line(came_out, "<-", done)

    def seen_in_xmpp(self, text):
        self._line(text, "", "")

    def seen_on_network(self, text):
        self._line("", "", text)

    @staticmethod
    def _line(left, arrow, right):
        print(f"  {left:<{WIDTH}} {arrow:^2} {right}".rstrip(), flush=True)

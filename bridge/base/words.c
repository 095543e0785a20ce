#include <bridge/words.h>

const char *bridge_words(const char *text)
{
    return text;
}

const char *bridge_words_n(const char *one, const char *many, unsigned long n)
{
    return n == 1 ? one : many;
}

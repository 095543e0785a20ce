/* Built for a later bridged: another ABI, a function that we do not have, and
 * behind the number nothing that we would understand. */
void bridge_of_the_future(void);
__attribute__((visibility("default"))) void later(void);

void later(void)
{
    bridge_of_the_future();
}

extern const struct later_plugin {
    unsigned abi;
    const char *version;
    const void *something;
} bridge_plugin;
const struct later_plugin bridge_plugin = { 4711, (const char *)1, (const void *)1 };

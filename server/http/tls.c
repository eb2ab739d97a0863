/* Certificates are parsed once a process and handed to each handshake by pointer: parsing a key for
 * every connection costs more than the signature. libmicrohttpd asks for the certificate through a
 * callback that knows nothing but the session, so the session's user pointer, which libmicrohttpd
 * only needs for pre-shared keys, is ours: it leads to struct tls_session. */
#include "server/http/tls.h"

#include "server/http/tls_pair.h"
#include "server/ipc/process.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

const char *tls_library_version(void)
{
    return gnutls_check_version(NULL);
}

const char tls_priorities[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:"
    "-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:"
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:%SERVER_PRECEDENCE";

struct tls_server {
    struct tls_pair pair;
    gnutls_pcert_st chain[TLS_CHAIN_MAX];
    unsigned chain_length;
    gnutls_datum_t ticket_key;
};

static bool server_build_chain(struct tls_server *server, struct error *err)
{
    for (; server->chain_length < server->pair.count; server->chain_length++) {
        int code = gnutls_pcert_import_x509(&server->chain[server->chain_length],
                                            server->pair.certificates[server->chain_length], 0);
        if (code < 0)
            return error_set(err, "no usable certificate: %s", gnutls_strerror(code));
    }
    return true;
}

struct tls_server *tls_server_create(const char *certificate_pem, const char *key_pem,
                                     const uint8_t *ticket_key, struct error *err)
{
    struct tls_server *server = calloc(1, sizeof *server);
    if (!server) {
        error_set(err, "no memory");
        return NULL;
    }
    server->ticket_key =
        (gnutls_datum_t){.data = (unsigned char *)ticket_key, .size = TICKET_KEY_SIZE};
    if (tls_pair_import(&server->pair, certificate_pem, key_pem, err) &&
        server_build_chain(server, err))
        return server;
    tls_server_destroy(server);
    return NULL;
}

void tls_server_destroy(struct tls_server *server)
{
    for (unsigned i = 0; i < server->chain_length; i++)
        gnutls_pcert_deinit(&server->chain[i]);
    tls_pair_finish(&server->pair);
    free(server);
}

/* ---- the handshake ---- */

/* What is spoken here, in the names of ALPN (RFC 7301). */
static const gnutls_datum_t protocols[] = {{(unsigned char *)"http/1.1", 8},
                                           {(unsigned char *)"http/1.0", 8}};
enum { PROTOCOLS = sizeof protocols / sizeof protocols[0], EXTENSION_ALPN = 16 };

static bool is_spoken(struct bytes name)
{
    for (size_t i = 0; i < PROTOCOLS; i++)
        if (bytes_equal(name, bytes_of(protocols[i].data, protocols[i].size)))
            return true;
    return false;
}

/* One extension of a client's hello: a list of names, each behind its length. What is malformed is
 * GnuTLS's to refuse. */
static int look_at_extension(void *context, unsigned type, const unsigned char *data, unsigned size)
{
    bool *is_foreign = context;
    struct bytes list = bytes_of(data, size);
    if (type != EXTENSION_ALPN || list.length < 2)
        return 0;
    *is_foreign = true;
    for (list = bytes_from(list, 2); list.length > 0 && list.data[0] < list.length;
         list = bytes_from(list, 1 + (size_t)list.data[0]))
        if (is_spoken(bytes_of(list.data + 1, list.data[0])))
            *is_foreign = false;
    return 0;
}

/* A client that offers protocols, and none that is spoken here, would take the first answer for
 * something that it is not: it is told at once, as RFC 7301 has it. GnuTLS would end the handshake
 * itself (GNUTLS_ALPN_MANDATORY), but libmicrohttpd then closes without the alert. */
static int hello_came(struct tls_session *mine, const gnutls_datum_t *hello)
{
    bool is_foreign = false;
    mine->has_asked = true;
    if (gnutls_ext_raw_parse(&is_foreign, look_at_extension, hello,
                             GNUTLS_EXT_RAW_FLAG_TLS_CLIENT_HELLO) < 0 ||
        !is_foreign)
        return 0;
    mine->failure = "the client offers by ALPN no protocol that is spoken here (http/1.1)";
    gnutls_alert_send(mine->session, GNUTLS_AL_FATAL, GNUTLS_A_NO_APPLICATION_PROTOCOL);
    return GNUTLS_E_NO_APPLICATION_PROTOCOL;
}

/* The handshake is over for us when the client's Finished has been verified: from then on
 * libmicrohttpd waits for the socket as it should (see connection.c on what it does before).
 */
static int message_passes(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                          const gnutls_datum_t *message)
{
    struct tls_session *mine = gnutls_session_get_ptr(session);
    if (!incoming)
        mine->is_answered = true;
    else if (type == GNUTLS_HANDSHAKE_CLIENT_HELLO && when == GNUTLS_HOOK_PRE)
        return hello_came(mine, message); /* one that cannot be answered never comes to POST */
    else if (type == GNUTLS_HANDSHAKE_FINISHED && when == GNUTLS_HOOK_POST)
        mine->established = true;
    return 0;
}

/* ---- records ---- */

enum { RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, RECORD_DATA = 23 };

/* Level and description, not encrypted. */
static bool is_plain_alert(const struct tls_session *mine)
{
    return mine->head[0] == RECORD_ALERT && mine->head[3] == 0 && mine->head[4] == 2;
}

/* Follows the heads of records: who is told of a record has to have seen it before libmicrohttpd,
 * which reads whenever it likes. */
static void follow_records(struct tls_session *mine, const uint8_t *data, size_t length)
{
    while (length > 0) {
        if (mine->left > 0) {
            size_t part = length < mine->left ? length : mine->left;
            mine->left -= part;
            if (mine->left == 0 && is_plain_alert(mine))
                mine->alert = data[part - 1];
            data += part;
            length -= part;
            continue;
        }
        if (mine->head_length == TLS_RECORD_HEAD)
            mine->head_length = 0;
        mine->head[mine->head_length++] = *data++;
        length--;
        if (mine->head_length == TLS_RECORD_HEAD)
            mine->left = (size_t)mine->head[3] << 8 | mine->head[4];
    }
}

bool tls_session_says_goodbye(const struct tls_session *mine)
{
    enum { ALERT_ENCRYPTED = 2 + 1 + 16 };
    return mine->head_length == TLS_RECORD_HEAD &&
           (mine->head[0] == RECORD_ALERT || (mine->head[0] == RECORD_DATA && mine->head[3] == 0 &&
                                              mine->head[4] == ALERT_ENCRYPTED));
}

/* What GnuTLS does itself where it is not told otherwise, and looks at it. */
static ssize_t pull(gnutls_transport_ptr_t transport, void *data, size_t size)
{
    struct tls_session *mine = transport;
    ssize_t got = recv(mine->fd, data, size, 0);
    *mine->at_work = mine;
    if (got > 0)
        follow_records(mine, data, (size_t)got);
    return got;
}

/* ---- failures ---- */

/* What clients say when they leave (RFC 8446, 6.2). Which of the three about certificates stands
 * for a wrong name depends on the client's library. */
static const struct {
    gnutls_alert_description_t alert;
    const char *words;
} alert_rows[] = {
    {GNUTLS_A_UNKNOWN_CA, "the client does not know who issued the certificate (unknown_ca)"},
    {GNUTLS_A_BAD_CERTIFICATE,
     "the client refuses the certificate, for its name or its issuer (bad_certificate)"},
    {GNUTLS_A_CERTIFICATE_UNKNOWN,
     "the client refuses the certificate, for its name or its issuer (certificate_unknown)"},
    {GNUTLS_A_CERTIFICATE_EXPIRED,
     "the client finds that the certificate has expired (certificate_expired)"},
    {GNUTLS_A_CERTIFICATE_REVOKED,
     "the client finds that the certificate has been revoked (certificate_revoked)"},
    {GNUTLS_A_UNSUPPORTED_CERTIFICATE,
     "the client cannot read certificates of this kind (unsupported_certificate)"},
    {GNUTLS_A_HANDSHAKE_FAILURE, "the client finds nothing in common (handshake_failure)"},
    {GNUTLS_A_PROTOCOL_VERSION, "the client wants another version of TLS (protocol_version)"},
    {GNUTLS_A_UNRECOGNIZED_NAME, "the client wants another name (unrecognized_name)"},
    {GNUTLS_A_INTERNAL_ERROR, "the client has failed (internal_error)"},
    {GNUTLS_A_DECODE_ERROR, "the client cannot read our answer (decode_error)"},
    {GNUTLS_A_ILLEGAL_PARAMETER, "the client refuses our answer (illegal_parameter)"},
};

void tls_session_explain(struct tls_session *mine)
{
    if (mine->established || mine->failure)
        return;
    /* OpenSSL sends it in the clear also where TLS 1.3 encrypts, and GnuTLS cannot read it then */
    gnutls_alert_description_t alert =
        mine->alert ? (gnutls_alert_description_t)mine->alert : gnutls_alert_get(mine->session);
    for (size_t i = 0; i < sizeof alert_rows / sizeof *alert_rows; i++)
        if (alert_rows[i].alert == alert)
            mine->failure = alert_rows[i].words;
    if (mine->failure)
        return;
    if (!mine->has_asked && mine->head_length > 0 && mine->head[0] != RECORD_HANDSHAKE &&
        mine->head[0] != RECORD_ALERT)
        mine->failure = "what came is not TLS";
    else if (mine->has_asked && !mine->is_answered)
        mine->failure = "no version of TLS, cipher or group in common: 1.2 and 1.3 are spoken here";
}

/* ---- the way out ---- */

/* False if there is no room for it. */
static bool hold_record(struct tls_session *mine, const giovec_t *pieces, int count)
{
    size_t length = 0;
    for (int i = 0; i < count; i++) {
        if (pieces[i].iov_len > mine->room_size - length)
            return false;
        memcpy(mine->room + length, pieces[i].iov_base, pieces[i].iov_len);
        length += pieces[i].iov_len;
    }
    mine->held = bytes_of(mine->room, length);
    return true;
}

static ssize_t send_pieces(const struct tls_session *mine, struct iovec *pieces, size_t count)
{
    const struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    return sendmsg(mine->fd, &message, MSG_NOSIGNAL);
}

/* What GnuTLS does itself where it is not told otherwise, but for the record that is held. GnuTLS
 * believes that one to be sent; of the one behind it nothing is taken before that is true. */
static ssize_t push(gnutls_transport_ptr_t transport, const giovec_t *pieces, int count)
{
    enum { PIECES_MAX = 32 };
    struct tls_session *mine = transport;
    struct iovec all[1 + PIECES_MAX];
    bool holds = mine->room && mine->held.length == 0 && hold_record(mine, pieces, count);
    mine->room = NULL; /* for the first record alone: one behind it is not held in its place */
    if (holds)
        return (ssize_t)mine->held.length;
    if (count > PIECES_MAX)
        count = PIECES_MAX;
    all[0] = (struct iovec){(void *)mine->held.data, mine->held.length};
    memcpy(all + 1, pieces, (size_t)count * sizeof *pieces);
    ssize_t sent = send_pieces(mine, all, (size_t)count + 1);
    size_t of_held = sent < 0                           ? 0
                     : (size_t)sent < mine->held.length ? (size_t)sent
                                                        : mine->held.length;
    mine->held = bytes_from(mine->held, of_held);
    if (sent < 0 || (size_t)sent > of_held)
        return sent < 0 ? sent : sent - (ssize_t)of_held;
    errno = EAGAIN;
    return -1;
}

/* ---- sessions ---- */

void tls_session_begin(struct tls_session *mine, void *session, const struct tls_server *server,
                       struct tls_session **at_work)
{
    int fd = gnutls_transport_get_int(session);
    *mine =
        (struct tls_session){.session = session, .server = server, .fd = fd, .at_work = at_work};
    gnutls_session_set_ptr(session, mine);
    gnutls_transport_set_ptr(session, mine);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_vec_push_function(session, push);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_BOTH,
                                       message_passes);
    gnutls_alpn_set_protocols(session, protocols, PROTOCOLS, GNUTLS_ALPN_SERVER_PRECEDENCE);
    /* without tickets every connection is a full handshake: dearer, but not wrong */
    gnutls_session_ticket_enable_server(session, &server->ticket_key);
}

bool tls_session_wants_write(const struct tls_session *mine)
{
    return gnutls_record_get_direction(mine->session) == 1;
}

size_t tls_session_pending(const struct tls_session *mine)
{
    return mine->session ? gnutls_record_check_pending(mine->session) : 0;
}

void tls_session_hold(struct tls_session *mine, uint8_t *room, size_t size)
{
    mine->room = room;
    mine->room_size = size;
}

void tls_session_let_go(struct tls_session *mine)
{
    mine->room = NULL;
    mine->held = bytes_of(NULL, 0);
}

void tls_session_send(const struct tls_session *mine, struct bytes data)
{
    /* libmicrohttpd has made the session non-blocking; what does not fit is lost with the rest */
    (void)!gnutls_record_send(mine->session, data.data, data.length);
}

static int give_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                            gnutls_pcert_st **chain, unsigned *chain_length,
                            gnutls_ocsp_data_st **staples, unsigned *staple_count,
                            gnutls_privkey_t *key, unsigned *flags)
{
    const struct tls_session *mine = gnutls_session_get_ptr(session);
    const struct tls_server *server = mine->server;
    (void)info;
    *chain = (gnutls_pcert_st *)server->chain;
    *chain_length = server->chain_length;
    *staples = NULL;
    *staple_count = 0;
    *key = server->pair.key;
    *flags = 0; /* all of it stays ours */
    return 0;
}

void *tls_certificate_callback(void)
{
    gnutls_certificate_retrieve_function3 *callback = give_certificate;
    return (void *)callback;
}

/* Server-side TLS through GnuTLS: one certificate a listening socket, and what a session needs from
 * us. Together with base/crypto.c the only door to GnuTLS. Sessions belong to libmicrohttpd, which
 * hands them out as `void *`. */
#ifndef TENTERHOOK_SERVER_HTTP_TLS_H
#define TENTERHOOK_SERVER_HTTP_TLS_H

#include "base/bytes.h"
#include "base/error.h"

/* Of the GnuTLS that is loaded, such as "3.7.9". */
const char *tls_library_version(void);

/* Protocols, ciphers and groups: TLS 1.2 and 1.3, forward secrecy and AEAD only. */
extern const char tls_priorities[];

/* A certificate and key, parsed once, and the key of session tickets. Immutable. */
struct tls_server;

/* NULL with `err`. `ticket_key` (TICKET_KEY_SIZE bytes) outlives it, the texts need not. */
struct tls_server *tls_server_create(const char *certificate_pem, const char *key_pem,
                                     const uint8_t *ticket_key, struct error *err);
void tls_server_destroy(struct tls_server *server);

enum { TLS_RECORD_HEAD = 5 }; /* type, version, length */

/* What we keep of one session. Lives in the connection and must outlive the session. */
struct tls_session {
    void *session; /* gnutls_session_t; NULL: not TLS */
    const struct tls_server *server;
    int fd;
    bool has_asked, is_answered; /* its ClientHello has come, something of ours has gone */
    bool established;            /* the client's Finished has come and was right */
    const char *failure;         /* why the handshake has failed, as far as it is known; or NULL */
    struct tls_session **at_work;
    /* the record that is being read */
    uint8_t head[TLS_RECORD_HEAD];
    size_t head_length, left;
    uint8_t alert; /* the last one that came in the clear; 0: none (or close_notify) */
    /* for the record that is to be held, NULL: none is; and what of one is held */
    uint8_t *room;
    size_t room_size;
    struct bytes held;
};

/* Prepares a fresh session before its first byte. It keeps a pointer to `mine`. `*at_work` is set
 * to it whenever it reads: libmicrohttpd tells of a failure without saying whose. */
void tls_session_begin(struct tls_session *mine, void *session, const struct tls_server *server,
                       struct tls_session **at_work);

/* The handshake has failed just now: finds out why, while the session is there. */
void tls_session_explain(struct tls_session *mine);

/* Whether what was read last ends the session in order, as clients do that are done. That is an
 * alert, which in TLS 1.3 shows by its length alone. Two bytes of a request look the same: so
 * nothing but the log may depend on it. */
bool tls_session_says_goodbye(const struct tls_session *mine);

/* Whether a handshake under way waits for room to write, not for the client. */
bool tls_session_wants_write(const struct tls_session *mine);

/* Decrypted bytes that nobody has taken yet. */
size_t tls_session_pending(const struct tls_session *mine);

/* The next record is held in `room`, if it has room there, until there is another one, and both go
 * out in one write. For an answer, whose head and body libmicrohttpd sends as two records: who
 * holds one has to know that another follows. `room` is ours until tls_session_let_go. */
void tls_session_hold(struct tls_session *mine, uint8_t *room, size_t size);
/* Nothing is held any more; what was is lost. */
void tls_session_let_go(struct tls_session *mine);

/* Writes at most all of `data` without blocking; for a last word before a connection is cut. */
void tls_session_send(const struct tls_session *mine, struct bytes data);

/* What libmicrohttpd takes as MHD_OPTION_HTTPS_CERT_CALLBACK2. */
void *tls_certificate_callback(void);

#endif

/* The one table of answers. The sentences tell a caller what to do, never what was expected: all
 * failures of authentication are identical, byte for byte. Rows close the connection if bytes may
 * be left on it that no stage has judged. */
#include "handlers/verdict.h"

#include "base/log.h"

const struct reply_row reply_rows[REPLY_COUNT] = {
    /* reply: code, status, text, level, close, retry, cause, remedy */
    [REPLY_NONE] = {"none", 0, "", LOG_DEBUG, false, false},
    [REPLY_ACCEPTED] = {"accepted", 202, "accepted", LOG_INFO, false, false,
                        "The event is on the disk, and its actions will be carried out."},
    [REPLY_AGAIN] =
        {"again", 202, "this event was accepted before and runs again", LOG_INFO, false, false,
         "A copy of an event of which an action had failed: what failed is carried out again."},
    [REPLY_DUPLICATE] =
        {"duplicate", 200, "this event was accepted before", LOG_INFO, false, false,
         "A copy of an event that came within `dedupe.window`: nothing is carried out."},
    [REPLY_IGNORED] = {"ignored", 200, "this event is not wanted here", LOG_INFO, false, false,
                       "`events`, `when` or what the actions take leaves the event out: nothing is "
                       "stored."},
    [REPLY_CHALLENGE] =
        {"handshake", 200, "", LOG_INFO, false, false,
         "The sender verifies the endpoint: the answer is what its preset describes, or that to "
         "HEAD or OPTIONS."},
    [REPLY_QUARANTINED] = {"quarantined", 202, "accepted, but not carried out", LOG_WARNING, false,
                           false,
                           "The event does not conform to the schema of a route with "
                           "`schema_action: quarantine`: it is on the disk, as failed."},
    [REPLY_HEALTHY] = {"healthy", 200, "events are accepted", LOG_DEBUG, false, false,
                       "The health check: an event would be stored now."},
    [REPLY_TRACKED] = {"tracked", 200, "what has become of the event", LOG_DEBUG, false, false,
                       "The link of an event of a route with `track`: the body is its state."},
    [REPLY_BAD_REQUEST] =
        {"bad_request", 400, "the request is not well-formed HTTP", LOG_INFO, true, false,
         "The head or the framing of the body breaks the rules of HTTP or can be "
         "read in two ways, or a trusted proxy names no address.",
         "Read the `reason` in the log. A proxy in `server.trusted_proxies` must send the header "
         "that `server.forwarded` names; other clients must send one length and one `Host`."},
    [REPLY_BAD_TARGET] =
        {"bad_target", 400, "the request target is not a path", LOG_INFO, true, false,
         "The target is not a path, or has an escape that is not one.",
         "Compare the URL that is entered at the sender with the path of the route."},
    [REPLY_TLS_EXPECTED] = {"tls_expected", 400, "this port speaks TLS: use https, not http",
                            LOG_INFO, true, false, "Plain HTTP came on an address with `tls`.",
                            "Enter `https:` at the sender. For a proxy that speaks plain HTTP to "
                            "this address, set `tls: off`."},
    [REPLY_BAD_CONTENT] = {"bad_content", 400, "the body is not what its media type says", LOG_INFO,
                           false, false,
                           "The body is not JSON, XML, a form or a CloudEvent as the route takes "
                           "it, repeats a name, or is not compressed as its `Content-Encoding` "
                           "says.",
                           "Read the `reason` in the log. Set `content` of the route to what the "
                           "sender sends; `json` has exceptions for JSON that is not strict."},
    [REPLY_UNAUTHENTICATED] =
        {"unauthenticated", 401, "the credentials are missing or wrong", LOG_WARNING, false, false,
         "A signature, a credential or a time is missing, wrong or too old.",
         "Read the `reason` in the log. Most often the secret differs from the sender's, or a "
         "proxy changes the body or the URL. `tenterhook verify` tries a request that was kept, "
         "and `tenterhook send` makes a right one."},
    [REPLY_FORBIDDEN] =
        {"forbidden", 403, "this client may not call here", LOG_WARNING, false, false,
         "`deny` names the client, `allow` does not, or the sender's challenge was refused.",
         "Compare `peer` in the log with `allow` and `deny`. If it is the address of a proxy, name "
         "the proxy in `server.trusted_proxies`."},
    [REPLY_NOT_FOUND] =
        {"not_found", 404, "there is nothing here", LOG_INFO, false, false,
         "No route has this path, or the link of an event is not one, or not any more.",
         "Compare `path` in the log with the paths of the routes; a reload makes a new route "
         "known."},
    [REPLY_METHOD] = {"method_not_allowed", 405, "this method is not taken here", LOG_INFO, false,
                      false,
                      "The route does not take this method; `Allow` names those that it takes.",
                      "Have the sender use POST, or name its method in `methods` of the route."},
    [REPLY_TIMEOUT] = {"timeout", 408, "the request took too long", LOG_INFO, true, false,
                       "The head did not come within `server.header_timeout`, or the body within "
                       "`server.body_timeout`.",
                       "Look at the network and at the proxy between. Raise the timeout only for "
                       "senders that are known to be slow."},
    [REPLY_LENGTH_REQUIRED] =
        {"length_required", 411, "the length of the body is missing", LOG_INFO, true, false,
         "A request with a body has neither `Content-Length` nor `Transfer-Encoding`.",
         "Mend the client: it has to send `Content-Length`, or chunks."},
    [REPLY_TOO_LARGE] =
        {"too_large", 413, "the body is too large", LOG_INFO, true, false,
         "The body is larger than `max_body`, unfolds to more than `unfold` allows, has more or "
         "larger parts than `multipart` allows, the JSON that is made of it is more than 16 MiB, "
         "or the data between its chunks is too long.",
         "Raise the limit that the `reason` in the log names, or have the sender send less."},
    [REPLY_URI_TOO_LONG] = {"uri_too_long", 414, "the request target is too long", LOG_INFO, true,
                            false, "The target is too long, or its query has too many parameters.",
                            "Have the sender put the data into the body."},
    [REPLY_MEDIA_TYPE] =
        {"unsupported_media_type", 415, "this media type is not taken here", LOG_INFO, false, false,
         "The media type or the content coding is not one that the route takes.",
         "Set `content` of the route to what the sender sends, or the sender to JSON."},
    [REPLY_EXPECTATION] = {"expectation_failed", 417, "only 100-continue can be expected", LOG_INFO,
                           true, false, "`Expect` asks for something other than `100-continue`.",
                           "Mend the client."},
    [REPLY_HEADER_TOO_LARGE] =
        {"header_too_large", 431, "the head of the request is too large", LOG_INFO, true, false,
         "The head is longer than can be held.",
         "Raise `server.max_header`, if the sender is known to send such heads."},
    [REPLY_UNPROCESSABLE] = {"unprocessable", 422, "the event is not what this route takes",
                             LOG_WARNING, false, false,
                             "The event does not fit the schema, or lacks a value that is needed.",
                             "Read the `reason` in the log: it names the place in the body. Mend "
                             "the schema or the value, then have the sender send it again."},
    [REPLY_RATE_LIMITED] =
        {"rate_limited", 429, "too many requests, try again later", LOG_INFO, false, true,
         "More came than `rate_limit` of the route allows.",
         "Nothing, if the sender tries again. Else raise `rate` or `burst` of `rate_limit`; behind "
         "a proxy, `per: client` needs `server.trusted_proxies`."},
    [REPLY_NOT_IMPLEMENTED] = {"not_implemented", 501, "this transfer coding is not known",
                               LOG_INFO, true, false, "The transfer coding is not `chunked`.",
                               "Mend the client."},
    [REPLY_VERSION] = {"version_not_supported", 505, "only HTTP/1.0 and HTTP/1.1 are spoken here",
                       LOG_INFO, true, false, "The version of HTTP is neither 1.0 nor 1.1.",
                       "Mend the client; a proxy must speak HTTP/1.1 to this server."},
    [REPLY_DRAINING] = {"draining", 503, "the server is leaving, try again", LOG_INFO, true, true,
                        "The server stops, or was reloaded this moment.",
                        "Nothing, if the sender tries again. If it lasts, a stop waits for "
                        "`server.shutdown_grace`."},
    [REPLY_MEMORY_FULL] = {"memory_full", 503, "too much at once, try again later", LOG_WARNING,
                           true, true,
                           "Bodies fill `server.body_memory`, or the system has no memory left.",
                           "Look for a sender of many or large bodies; raise `server.body_memory` "
                           "if the machine has room for it."},
    [REPLY_QUEUE_FULL] = {"queue_full", 503, "too much is waiting, try again later", LOG_WARNING,
                          false, true, "Events come faster than the disk can sync them.",
                          "Use a faster disk, or a `rate_limit`."},
    [REPLY_BACKLOG_FULL] = {"backlog_full", 503, "too many events wait here, try again later",
                            LOG_WARNING, false, true,
                            "As many deliveries wait as `queue` of the route or `journal.queue` "
                            "allows: the event is not stored.",
                            "Run `tenterhook status`: a pause, a `start_rate` or a slow command "
                            "holds deliveries up. Else raise the limit."},
    [REPLY_JOURNAL] =
        {"journal", 503, "events cannot be stored now, try again later", LOG_ERROR, false, true,
         "The journal cannot be written, the disk is full, or the runner is not there.",
         "Run `tenterhook status`. Free space on the disk, or see to what `journal_refuses` in the "
         "log says; the server then goes on by itself."},
    [REPLY_INTERNAL] =
        {"internal", 500, "something went wrong here", LOG_ERROR, true, false,
         "Something failed that should not; the log has the reason.",
         "Read the log for the reason, and report it if it is a fault of the program."},
};

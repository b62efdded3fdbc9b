import Primitives

package typealias TransportFault = Fault<TransportFaultCode>

/// What can go wrong between us and a server.
package enum TransportFaultCode: String, FaultCode {
    case invalidURL = "transport/invalid-url"
    case invalidProxy = "transport/invalid-proxy"
    case invalidPin = "transport/invalid-pin"
    case unsafePath = "transport/unsafe-path"
    case unavailable = "transport/unavailable"
    case connectFailed = "transport/connect-failed"
    case timedOut = "transport/timed-out"
    case tlsFailed = "transport/tls-failed"
    case otherKey = "transport/other-key"
    case onionWithoutTor = "transport/onion-without-tor"
    case httpStatus = "transport/http-status"
    case redirected = "transport/redirected"
    case truncated = "transport/truncated"
    case malformed = "transport/malformed"
    case tooLong = "transport/too-long"
    case unexpectedRange = "transport/unexpected-range"
    case stopped = "transport/stopped"
    case workerEnded = "transport/worker-ended"
    case workerAnswer = "transport/worker-answer"

    package var family: FaultFamily {
        switch self {
        case .invalidURL, .invalidProxy, .invalidPin: .usage
        case .tooLong, .unexpectedRange, .unsafePath, .otherKey, .workerAnswer: .refusal
        case .unavailable, .stopped: .local
        case .connectFailed, .timedOut, .tlsFailed, .httpStatus, .redirected, .truncated, .malformed,
            .onionWithoutTor, .workerEnded:
            .transport
        }
    }

    package var summary: String {
        switch self {
        case .invalidURL: "unusable address"
        case .invalidProxy: "unusable proxy"
        case .invalidPin: "unusable pin of a public key"
        case .unsafePath: "a name that cannot be part of an address"
        case .unavailable: "the network library cannot be used"
        case .connectFailed: "no connection"
        case .timedOut: "the server took too long"
        case .tlsFailed: "no secure connection"
        case .otherKey: "the server has none of the pinned public keys"
        case .onionWithoutTor: "an onion address can be reached through Tor only"
        case .httpStatus: "unexpected answer of the server"
        case .redirected: "the server points elsewhere"
        case .truncated: "the answer broke off"
        case .malformed: "the answer is not HTTP"
        case .tooLong: "the server sends more than it may"
        case .unexpectedRange: "the server sends another part of the file than was asked for"
        case .stopped: "the transfer was stopped"
        case .workerEnded: "the process that asks the servers ended"
        case .workerAnswer: "the process that asks the servers does what it never should"
        }
    }

    package var hint: String? {
        switch self {
        case .invalidURL: "write it as https://host/folder/ or http://host/folder/"
        case .invalidProxy: "write it as http://host:port or socks5h://host:port"
        case .invalidPin: "write it as sha256// and the 44 characters of the SHA-256 of the key in base64"
        case .connectFailed, .timedOut, .truncated, .stopped: "run this again; what was received is kept"
        case .tlsFailed:
            "check the clock of this machine, and which certificates it trusts: for an authority of your own, set ca_file"
        case .otherKey:
            "somebody may be listening in; if the owner of the mirror has a new key, ask for its pin and configure it"
        case .onionWithoutTor: "run tor on this machine and set the proxy to socks5h://127.0.0.1:9050"
        case .redirected:
            "configure the address it points to, if you trust it; a redirect is followed only on the same server, or over "
                + "https to another name"
        case .tooLong, .unexpectedRange: "nothing of it was used; try another mirror and tell its owner"
        case .httpStatus: "check the address of the mirror; if it is right, run this again later or use another one"
        case .malformed: "is there a web server at this address? Check it, or use another mirror"
        case .unsafePath: "nothing was fetched; report this to the publisher"
        case .unavailable: "free some memory and run this again"
        case .workerEnded:
            "what was received is kept; look into the log of this machine for what ended it (its memory, perhaps), and run this again"
        case .workerAnswer:
            "nothing of it was used: the server may have taken it over; use another mirror, and report this with its address"
        }
    }
}

extension TransportFault {
    /// Whether the same may go well in a moment: nobody there, a server in trouble, a line that broke. What took its time
    /// already does not count, nor does what somebody decided.
    package var isPassing: Bool {
        switch code {
        case .connectFailed, .truncated, .workerEnded: true
        case .httpStatus: found.flatMap { Int($0) }.map { (500...599).contains($0) } ?? false
        default: false
        }
    }
}

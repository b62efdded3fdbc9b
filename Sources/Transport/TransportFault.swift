import Primitives

package typealias TransportFault = Fault<TransportFaultCode>

/// What can go wrong between us and a server.
package enum TransportFaultCode: String, FaultCode {
    case invalidURL = "transport/invalid-url"
    case invalidProxy = "transport/invalid-proxy"
    case unsafePath = "transport/unsafe-path"
    case unavailable = "transport/unavailable"
    case connectFailed = "transport/connect-failed"
    case timedOut = "transport/timed-out"
    case tlsFailed = "transport/tls-failed"
    case httpStatus = "transport/http-status"
    case redirected = "transport/redirected"
    case truncated = "transport/truncated"
    case malformed = "transport/malformed"
    case tooLong = "transport/too-long"
    case unexpectedRange = "transport/unexpected-range"
    case stopped = "transport/stopped"

    package var family: FaultFamily {
        switch self {
        case .invalidURL, .invalidProxy: .usage
        case .tooLong, .unexpectedRange, .unsafePath: .refusal
        case .unavailable, .stopped: .local
        case .connectFailed, .timedOut, .tlsFailed, .httpStatus, .redirected, .truncated, .malformed: .transport
        }
    }

    package var summary: String {
        switch self {
        case .invalidURL: "unusable address"
        case .invalidProxy: "unusable proxy"
        case .unsafePath: "a name that cannot be part of an address"
        case .unavailable: "the network library cannot be used"
        case .connectFailed: "no connection"
        case .timedOut: "the server took too long"
        case .tlsFailed: "no secure connection"
        case .httpStatus: "unexpected answer of the server"
        case .redirected: "the server points elsewhere"
        case .truncated: "the answer broke off"
        case .malformed: "the answer is not HTTP"
        case .tooLong: "the server sends more than it may"
        case .unexpectedRange: "the server sends another part of the file than was asked for"
        case .stopped: "the transfer was stopped"
        }
    }

    package var hint: String? {
        switch self {
        case .invalidURL: "write it as https://host/folder/ or http://host/folder/"
        case .invalidProxy: "write it as http://host:port or socks5h://host:port"
        case .connectFailed, .timedOut, .truncated, .stopped: "run this again; what was received is kept"
        case .tlsFailed: "check the clock of this machine and the certificates it trusts"
        case .redirected: "configure the address it points to, if you trust it; redirects are not followed"
        case .tooLong, .unexpectedRange: "nothing of it was used; try another mirror and tell its owner"
        case .httpStatus: "check the address of the mirror; if it is right, run this again later or use another one"
        case .malformed: "is there a web server at this address? Check it, or use another mirror"
        case .unsafePath: "nothing was fetched; report this to the publisher"
        case .unavailable: "free some memory and run this again"
        }
    }
}

import Primitives
import SystemPackage

/// How requests reach the servers. Nothing is taken from the environment.
package struct TransportConfiguration: Hashable, Sendable {
    /// `http://host:port` or `socks5h://host:port` (Tor: the proxy resolves names); nil connects directly.
    package var proxy: String?
    /// PEM file of the authorities to trust in place of the system's.
    package var authorities: FilePath?
    /// `sha256//…`, the SHA-256 of a server's public key (DER) in base64: every TLS server has to have one of these keys,
    /// besides a certificate that holds. Empty: any key. They say nothing about mirrors without TLS.
    package var pinnedKeys: [String]
    package var limits: TransportLimits

    package init(
        proxy: String? = nil, authorities: FilePath? = nil, pinnedKeys: [String] = [], limits: TransportLimits = .init()
    ) {
        self.proxy = proxy
        self.authorities = authorities
        self.pinnedKeys = pinnedKeys
        self.limits = limits
    }

    /// Names are looked up by the proxy, so that onion addresses can be reached and nobody here sees who is asked for.
    package var isThroughSOCKS: Bool { proxy?.hasPrefix("socks5h://") ?? false }

    /// Throws where no request could be made by this, whatever the address.
    package func check() throws(TransportFault) {
        if let proxy, !proxy.hasPrefix("http://"), !isThroughSOCKS {
            throw TransportFault(.invalidProxy, found: HTTPAddress.displayed(proxy))
        }
        for pin in pinnedKeys { try Self.checkPin(pin) }
    }

    /// Throws for an onion address that would be looked up in the open net, where it does not exist and gives us away.
    package func checkWay(to address: String) throws(TransportFault) {
        guard HTTPAddress.isOnion(address), !isThroughSOCKS else { return }
        throw TransportFault(
            .onionWithoutTor, found: proxy == nil ? "no proxy" : "another proxy", expected: "a socks5h:// proxy",
            at: HTTPAddress.displayed(address))
    }

    /// Throws unless `pin` is spelled as `pinnedKeys` are.
    package static func checkPin(_ pin: String) throws(TransportFault) {
        let digits = pin.dropFirst(8).utf8
        // 32 bytes in base64: 43 digits, and one sign that fills up.
        let isBase64 = digits.prefix(43).allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
        guard pin.hasPrefix("sha256//"), digits.count == 44, isBase64, digits.last == UInt8(ascii: "=") else {
            throw TransportFault(.invalidPin, found: "\"\(pin)\"")
        }
    }
}

/// How long a server may take, and how much it may say beside its content. Each must be positive.
package struct TransportLimits: Hashable, Sendable {
    /// Name resolution, TCP and TLS.
    package var connect: Duration = .seconds(30)
    /// One metadata file, from request to last byte. Tor needs its time.
    package var fetch: Duration = .seconds(120)
    /// One archive.
    package var download: Duration = .seconds(6 * 3600)
    /// Bytes per second that a download must reach on the average, after the time of `fetch` for a start: a bad line
    /// through Tor does. Without it a mirror could trickle, and withhold an urgent release for the time of `download`.
    package var slowestAverage = 4096
    /// A transfer slower than `slowestRate` bytes per second for `slowFor` (whole seconds) is given up: TUF's slow
    /// retrieval attack.
    package var slowestRate = 128
    package var slowFor: Duration = .seconds(30)
    /// Bytes of all header lines of one answer together.
    package var headers = 64 << 10
    /// How often what failed in passing is asked for again, after a pause, by those who have nobody else to ask.
    package var repetitions = 2
    /// How often in a row a server may point elsewhere. 0: never.
    package var redirects = 3
    /// Bytes per second that what we fetch may take, but for the first second or two; nil: as many as come. An archive may then need several
    /// runs: `download` stays what it is.
    package var bandwidth: Int?

    package init() {}

    /// How long `bytes` of a download may take.
    package func patience(for bytes: Int) -> Duration {
        min(download, fetch + .seconds(bytes / max(1, allowedAverage)))
    }

    /// Where we are the slow ones, the server is not to blame: half of what we allow is enough.
    var allowedAverage: Int { min(slowestAverage, bandwidth.map { $0 / 2 } ?? .max) }
    var allowedRate: Int { min(slowestRate, bandwidth.map { $0 / 2 } ?? .max) }
}

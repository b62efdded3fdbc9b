import SystemPackage

/// How requests reach the servers. Nothing is taken from the environment.
package struct TransportConfiguration: Hashable, Sendable {
    /// `http://host:port` or `socks5h://host:port` (Tor: the proxy resolves names); nil connects directly.
    package var proxy: String?
    /// PEM file of the authorities to trust in place of the system's.
    package var authorities: FilePath?
    package var limits: TransportLimits

    package init(proxy: String? = nil, authorities: FilePath? = nil, limits: TransportLimits = .init()) {
        self.proxy = proxy
        self.authorities = authorities
        self.limits = limits
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

    package init() {}
}

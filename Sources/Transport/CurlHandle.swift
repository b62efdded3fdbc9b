internal import CCurl
import Primitives
import SystemPackage

/// Runs once in a process, whichever thread is first: libcurl's start must not race with itself. 0 means success.
private let libraryStart: UInt32 = curl_global_init(Int(CURL_GLOBAL_ALL)).rawValue

/// Starts libcurl where that has not been done.
var curlHasStarted: Bool { libraryStart == 0 }

/// One libcurl easy handle, set up the same for everybody: requests of two instances do not differ in a byte.
///
/// No cookies, no referrer, no `.netrc`, no proxy from the environment, no redirect that libcurl would follow by itself, no
/// compression, no other protocol. HTTP/2 over TLS where the server offers it.
final class CurlHandle {
    let handle: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    /// Asked at least once a second while there is a transfer, also when nothing arrives; false stops it.
    var goesOn: (() -> Bool)?
    private let errorText = UnsafeMutableBufferPointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init(_ configuration: TransportConfiguration) throws(TransportFault) {
        errorText.initialize(repeating: 0)
        guard libraryStart == 0, let handle = curl_easy_init() else {
            errorText.deallocate()
            throw TransportFault(.unavailable, found: "libcurl that does not start")
        }
        self.handle = handle
        try setConstants()
        try setLimits(configuration.limits)
        try setWay(configuration)
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
        errorText.deallocate()
    }

    // MARK: set-up

    private func setConstants() throws(TransportFault) {
        try set(CURLOPT_ERRORBUFFER, pointer: errorText.baseAddress)
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_USERAGENT, "sceau-agent")
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        try set(CURLOPT_PATH_AS_IS, 1)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try check(sceau_curl_set_writer(handle, CURLOPT_WRITEFUNCTION, receiveBody))
        try check(sceau_curl_set_writer(handle, CURLOPT_HEADERFUNCTION, receiveHeader))
        try set(CURLOPT_NOPROGRESS, 0)
        try check(sceau_curl_set_progress(handle, askWhetherToGoOn))
        try set(CURLOPT_XFERINFODATA, pointer: Unmanaged.passUnretained(self).toOpaque())
    }

    private func setLimits(_ limits: TransportLimits) throws(TransportFault) {
        try set(CURLOPT_CONNECTTIMEOUT_MS, limits.connect.milliseconds)
        try set(CURLOPT_LOW_SPEED_LIMIT, max(1, limits.allowedRate))
        try set(CURLOPT_LOW_SPEED_TIME, max(1, limits.slowFor.milliseconds / 1000))
        // libcurl 7.88 reads up to a hundred buffers at once before it looks at the speed: together they are about a second.
        try set(CURLOPT_BUFFERSIZE, min(max(limits.bandwidth.map { $0 / 100 } ?? .max, 1 << 10), 128 << 10))
        if let bandwidth = limits.bandwidth {
            try check(sceau_curl_set_offset(handle, CURLOPT_MAX_RECV_SPEED_LARGE, curl_off_t(max(1, bandwidth))))
        }
    }

    private func setWay(_ configuration: TransportConfiguration) throws(TransportFault) {
        // An empty proxy and exception list keep libcurl from looking into the environment.
        try configuration.check()
        try set(CURLOPT_NOPROXY, "")
        try set(CURLOPT_PROXY, configuration.proxy ?? "")
        if let authorities = configuration.authorities {
            try set(CURLOPT_CAINFO, authorities.string)
            try set(CURLOPT_CAPATH, nil)
        }
        if !configuration.pinnedKeys.isEmpty {
            try set(CURLOPT_PINNEDPUBLICKEY, configuration.pinnedKeys.joined(separator: ";"))
        }
    }

    // MARK: one request

    /// Asks for `exchange.url` and feeds the answer to `exchange`.
    func perform(_ exchange: Exchange, within time: Duration) throws(TransportFault) -> CurlOutcome {
        try prepare(exchange, within: time)
        let code = withExtendedLifetime(exchange) { curl_easy_perform(handle) }
        return finish(code)
    }

    /// Sets up everything for one request. `exchange` has to live until `finish`.
    func prepare(_ exchange: Exchange, within time: Duration) throws(TransportFault) {
        freeHeaders()
        for line in exchange.requestHeaders {
            guard let longer = curl_slist_append(headers, line) else {
                throw TransportFault(.unavailable, found: "no memory")
            }
            headers = longer
        }
        try check(sceau_curl_set_list(handle, CURLOPT_HTTPHEADER, headers))
        try set(CURLOPT_URL, exchange.url)
        try set(CURLOPT_TIMEOUT_MS, time.milliseconds)
        if let body = exchange.requestBody {
            try set(CURLOPT_POST, 1)
            try check(sceau_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
            // The bytes are copied in this call. Of none there must be a pointer all the same.
            let code = (body + [0]).withUnsafeBytes { bytes in
                sceau_curl_set_pointer(
                    handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            }
            try check(code)
        }
        errorText.update(repeating: 0)
        let pointer = Unmanaged.passUnretained(exchange).toOpaque()
        try set(CURLOPT_WRITEDATA, pointer: pointer)
        try set(CURLOPT_HEADERDATA, pointer: pointer)
    }

    /// After a transfer that ended with `code`: lets go of what `prepare` was given.
    func finish(_ code: CURLcode) -> CurlOutcome {
        sceau_curl_set_pointer(handle, CURLOPT_WRITEDATA, nil)
        sceau_curl_set_pointer(handle, CURLOPT_HEADERDATA, nil)
        freeHeaders()
        return CurlOutcome(code, detail: errorDetail(code))
    }

    private func freeHeaders() {
        sceau_curl_set_list(handle, CURLOPT_HTTPHEADER, nil)
        curl_slist_free_all(headers)
        headers = nil
    }

    /// libcurl's own words on what went wrong, which name hosts and certificates and no password.
    private func errorDetail(_ code: CURLcode) -> String {
        let bytes = errorText.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        return bytes.isEmpty ? String(cString: curl_easy_strerror(code)) : String(decoding: bytes, as: UTF8.self)
    }

    private func set(_ option: CURLoption, _ value: Int) throws(TransportFault) {
        try check(sceau_curl_set_long(handle, option, value))
    }

    private func set(_ option: CURLoption, _ value: String?) throws(TransportFault) {
        try check(sceau_curl_set_string(handle, option, value))
    }

    private func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) throws(TransportFault) {
        try check(sceau_curl_set_pointer(handle, option, pointer))
    }

    /// An option that does not take would leave a request unprotected.
    private func check(_ code: CURLcode) throws(TransportFault) {
        guard code == CURLE_OK else {
            throw TransportFault(.unavailable, found: String(cString: curl_easy_strerror(code)).lowercased())
        }
    }
}

/// How a transfer ended, in our words.
enum CurlOutcome {
    case complete
    /// The exchange told libcurl to stop.
    case stopped
    case failed(TransportFaultCode, detail: String)

    init(_ code: CURLcode, detail: String) {
        self =
            switch code {
            case CURLE_OK: .complete
            case CURLE_WRITE_ERROR: .stopped
            default: .failed(Self.codes[code.rawValue] ?? .malformed, detail: detail)
            }
    }

    private static let codes: [UInt32: TransportFaultCode] = {
        let groups: [(TransportFaultCode, [CURLcode])] = [
            (.invalidURL, [CURLE_URL_MALFORMAT]),
            // An answer that does not begin like HTTP is an unsupported protocol, HTTP/0.9; ours was checked before.
            (.malformed, [CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY]),
            // Old libcurl calls a header line of over 100 kB a lack of memory; 100 is CURLE_TOO_LARGE of newer ones.
            (.tooLong, [CURLE_OUT_OF_MEMORY, CURLcode(rawValue: 100)]),
            (.timedOut, [CURLE_OPERATION_TIMEDOUT]),
            (.stopped, [CURLE_ABORTED_BY_CALLBACK]),
            (.otherKey, [CURLE_SSL_PINNEDPUBKEYNOTMATCH]),
            (
                .connectFailed,
                [CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PROXY]
            ),
            (
                .tlsFailed,
                [
                    CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
                    CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
                ]
            ),
            (
                .truncated,
                [
                    CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_HTTP2,
                    CURLE_HTTP2_STREAM,
                ]
            ),
        ]
        return Dictionary(uniqueKeysWithValues: groups.flatMap { group in group.1.map { ($0.rawValue, group.0) } })
    }()
}

/// Called by libcurl, on the thread that performs. A short count stops the transfer.
private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    receive(bytes, size, count, context) { $0.receiveBody($1) }
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    receive(bytes, size, count, context) { $0.receiveHeader($1) }
}

/// The handle outlives its transfers.
private func askWhetherToGoOn(
    _ context: UnsafeMutableRawPointer?, _: curl_off_t, _: curl_off_t, _: curl_off_t, _: curl_off_t
) -> Int32 {
    guard let context else { return 0 }
    let goesOn = Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue().goesOn
    return goesOn?() == false ? 1 : 0
}

private func receive(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?,
    _ take: (Exchange, UnsafeRawBufferPointer) -> Bool
) -> Int {
    // libcurl documents `size` to be 1; were it not, the product is still what it hands over.
    let length = size * count
    guard let context else { return 0 }
    let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
    // Any other number than the length stops libcurl, also where the length is 0.
    return take(exchange, UnsafeRawBufferPointer(start: bytes, count: length)) ? length : length &+ 1
}

extension Duration {
    /// Whole milliseconds, at least 1: libcurl takes 0 for "no limit".
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        let capped = min(max(seconds, 0), 1 << 31)
        return max(1, Int(capped) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}

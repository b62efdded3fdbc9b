internal import CCurl
import Primitives

/// One libcurl multi handle: several transfers in one thread, and the connections that are kept for the next ones.
final class CurlMulti {
    typealias Code = CURLcode

    private let handle: UnsafeMutableRawPointer
    /// libcurl waits no longer than this in one go, so that a deadline is kept whatever it is busy with.
    private static let longestWait: Duration = .seconds(1)

    init() throws(TransportFault) {
        guard curlHasStarted, let handle = curl_multi_init() else {
            throw TransportFault(.unavailable, found: "libcurl that does not start")
        }
        self.handle = handle
    }

    deinit {
        curl_multi_cleanup(handle)
    }

    func add(_ easy: CurlHandle) throws(TransportFault) {
        try check(curl_multi_add_handle(handle, easy.handle))
    }

    func remove(_ easy: CurlHandle) {
        curl_multi_remove_handle(handle, easy.handle)
    }

    /// Does what there is to do, then waits for more, at most for `time`.
    func work(for time: Duration) throws(TransportFault) {
        var running: Int32 = 0
        try check(curl_multi_perform(handle, &running))
        guard running > 0 else { return }
        let wait = Int32(clamping: min(time, Self.longestWait).milliseconds)
        try check(curl_multi_poll(handle, nil, 0, wait, nil))
        try check(curl_multi_perform(handle, &running))
    }

    /// A transfer that has ended, and how.
    func nextDone() -> (UnsafeMutableRawPointer, Code)? {
        var easy: UnsafeMutableRawPointer?
        var code = CURLE_OK
        guard sceau_curl_next_done(handle, &easy, &code) == 1, let easy else { return nil }
        return (easy, code)
    }

    private func check(_ code: CURLMcode) throws(TransportFault) {
        guard code == CURLM_OK else {
            throw TransportFault(.unavailable, found: String(cString: curl_multi_strerror(code)).lowercased())
        }
    }
}

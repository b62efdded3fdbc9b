internal import CZstd
import Primitives

package typealias CompressionFault = Fault<CompressionFaultCode>

/// Why bytes could not be packed or unpacked.
package enum CompressionFaultCode: String, FaultCode {
    case corrupt = "compression/corrupt"
    case truncated = "compression/truncated"
    case trailingBytes = "compression/trailing-bytes"
    case outputTooLarge = "compression/output-too-large"
    case windowTooLarge = "compression/window-too-large"
    case failed = "compression/failed"

    package var family: FaultFamily { self == .failed ? .local : .refusal }

    package var summary: String {
        switch self {
        case .corrupt: "compressed data is corrupt"
        case .truncated: "compressed data ends too early"
        case .trailingBytes: "something follows the compressed data"
        case .outputTooLarge: "compressed data unpacks to more than allowed"
        case .windowTooLarge: "compressed data needs more memory than allowed"
        case .failed: "compression failed"
        }
    }

    package var hint: String? {
        family == .refusal
            ? "nothing of it was used; try another mirror and report this to the publisher"
            : "free some memory or space and run this again"
    }
}

/// The value of a libzstd call, or its error as a fault. `code` is what the error means when nothing says otherwise.
func checked(_ result: Int, _ code: CompressionFaultCode) throws(CompressionFault) -> Int {
    guard ZSTD_isError(result) != 0 else { return result }
    let code: CompressionFaultCode =
        switch ZSTD_getErrorCode(result) {
        case ZSTD_error_frameParameter_windowTooLarge: .windowTooLarge
        case ZSTD_error_memory_allocation: .failed
        default: code
        }
    throw CompressionFault(code, found: String(cString: ZSTD_getErrorName(result)).lowercased())
}

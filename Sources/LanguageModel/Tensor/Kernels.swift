package import CKernels

/// The kernels of one instruction set. All give the same bits; the fastest is right unless a test asks for another.
///
/// `@unchecked Sendable`: the table holds pointers to code and to a constant string, and never changes.
package struct Kernels: @unchecked Sendable {
    /// The functions.
    package let table: ck_kernels

    /// The fastest of this processor.
    package static let best = Kernels(table: ck_kernels_best().pointee)

    /// Every one that this processor can run, the portable one first.
    package static let all = [CK_PORTABLE, CK_AVX2, CK_AVX512, CK_NEON].compactMap { set in
        ck_kernels_for(set).map { Kernels(table: $0.pointee) }
    }

    /// `AVX-512 VNNI`.
    package var name: String { String(cString: table.name) }
}

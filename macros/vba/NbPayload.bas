Attribute VB_Name = "NbPayload"
' A workbook -> the request of a button. Only the sheets named in NbNames are read.
Option Explicit

' The request, all of it in ASCII. `lastYear` is the path of last year's file, or empty.
Public Function RequestJson(ByVal book As Object, ByVal withSheets As Boolean, ByVal lastYear As String) As String
    Dim parts(0 To 5) As String
    parts(0) = "{""message"":1,""client"":""vba"",""host"":" & JsonText(HostName())
    parts(1) = ",""book"":" & BookJson(book)
    parts(2) = ",""sheets"":["
    If withSheets Then parts(3) = SheetsJson(book)
    parts(4) = "],""last_year"":" & LastYearJson(lastYear)
    parts(5) = "}"
    RequestJson = Join(parts, "")
End Function

Private Function BookJson(ByVal book As Object) As String
    BookJson = "{""name"":" & JsonText(book.Name) & ",""active_sheet"":" & JsonText(book.ActiveSheet.Name) & _
        ",""selection"":" & JsonText(SelectedAddress()) & ",""properties"":" & PropertiesJson(book) & "}"
End Function

Private Function SelectedAddress() As String
    SelectedAddress = "A1"
    On Error GoTo NoCell
    SelectedAddress = Replace(Application.ActiveCell.Address, "$", "")
NoCell:
End Function

' The stamp. A program without custom properties leaves it to the hidden sheet to say.
Private Function PropertiesJson(ByVal book As Object) As String
    Dim name As Variant, found As String, text As String
    For Each name In PropertyNames()
        text = PropertyText(book, CStr(name))
        If text <> "" Then
            If found <> "" Then found = found & ","
            found = found & JsonText(CStr(name)) & ":" & JsonText(text)
        End If
    Next
    PropertiesJson = "{" & found & "}"
End Function

Private Function PropertyText(ByVal book As Object, ByVal name As String) As String
    On Error GoTo Missing
    PropertyText = CStr(book.CustomDocumentProperties.Item(name).Value)
Missing:
End Function

Private Function LastYearJson(ByVal path As String) As String
    Dim data() As Byte
    LastYearJson = "null"
    If path = "" Then Exit Function
    data = ReadFileBytes(path)
    LastYearJson = "{""name"":" & JsonText(FileNameOf(path)) & ",""data"":""" & Base64FromBytes(data) & """}"
End Function

Private Function SheetsJson(ByVal book As Object) As String
    Dim name As Variant, sheet As Object, pieces() As String, count As Long
    ReDim pieces(0 To book.Worksheets.Count)
    For Each name In SheetNames()
        Set sheet = FindSheet(book, CStr(name))
        If Not sheet Is Nothing Then
            pieces(count) = SheetJson(sheet)
            count = count + 1
        End If
    Next
    If count = 0 Then Exit Function
    ReDim Preserve pieces(0 To count - 1)
    SheetsJson = Join(pieces, ",")
End Function

Public Function FindSheet(ByVal book As Object, ByVal name As String) As Object
    Dim sheet As Object
    For Each sheet In book.Worksheets
        If sheet.Name = name Then
            Set FindSheet = sheet
            Exit Function
        End If
    Next
End Function

Private Function SheetJson(ByVal sheet As Object) As String
    Dim area As Object, lastRow As Long, lastColumn As Long
    Set area = sheet.UsedRange
    lastRow = area.Row + area.Rows.Count - 1
    lastColumn = area.Column + area.Columns.Count - 1
    If CDbl(lastRow) * lastColumn > 100000 Then TrimArea sheet, lastRow, lastColumn
    Set area = sheet.Range(sheet.Cells(1, 1), sheet.Cells(lastRow, lastColumn))
    SheetJson = "{""name"":" & JsonText(sheet.Name) & ",""protected"":" & JsonTruth(sheet.ProtectContents) & _
        ",""visible"":" & JsonTruth(sheet.Visible = -1) & CellsJson(sheet, area, lastRow, lastColumn) & "}"
End Function

Private Function JsonTruth(ByVal value As Boolean) As String
    JsonTruth = IIf(value, "true", "false")
End Function

' Formats far below the table make the used area huge; what is not empty ends much earlier.
Private Sub TrimArea(ByVal sheet As Object, lastRow As Long, lastColumn As Long)
    Dim found As Object
    Set found = sheet.Cells.Find("*", sheet.Cells(1, 1), -4123, 2, 1, 2)
    If found Is Nothing Then
        lastRow = 1
        lastColumn = 1
        Exit Sub
    End If
    lastRow = found.Row
    lastColumn = sheet.Cells.Find("*", sheet.Cells(1, 1), -4123, 2, 2, 2).Column
    If CDbl(lastRow) * lastColumn > 200000 Then
        Refuse "工作表“" & sheet.Name & "”内容过多（" & lastRow & " 行、" & lastColumn & " 列），无法提交"
    End If
End Sub

Private Function CellsJson(ByVal sheet As Object, ByVal area As Object, ByVal lastRow As Long, ByVal lastColumn As Long) As String
    Dim plain As Variant, shown As Variant, written As Variant
    Dim lines() As String, fields() As String, formulas() As String
    Dim r As Long, c As Long, used As Long, usedRows As Long, count As Long
    plain = AsGrid(PlainValues(area))
    shown = AsGrid(area.Value)
    written = AsGrid(area.Formula)
    ReDim lines(1 To lastRow)
    ReDim formulas(0 To 0)
    For r = 1 To lastRow
        ReDim fields(1 To lastColumn)
        used = 0
        For c = 1 To lastColumn
            fields(c) = CellJson(plain(r, c), shown(r, c))
            If fields(c) <> "null" Then used = c
            If Left(CStr(written(r, c)), 1) = "=" Then
                If sheet.Cells(r, c).HasFormula Then
                    ReDim Preserve formulas(0 To count)
                    formulas(count) = JsonText(CellAddress(sheet, r, c)) & ":" & JsonText(CStr(written(r, c)))
                    count = count + 1
                End If
            End If
        Next
        lines(r) = "[" & JoinFirst(fields, used, lastColumn) & "]"
        If used > 0 Then usedRows = r
    Next
    CellsJson = ",""values"":[" & JoinFirst(lines, usedRows, lastRow) & "],""formulas"":{" & Join(formulas, ",") & "}"
End Function

Private Function CellAddress(ByVal sheet As Object, ByVal r As Long, ByVal c As Long) As String
    CellAddress = Replace(sheet.Cells(r, c).Address, "$", "")
End Function

' The first `count` of `size` texts, between commas.
Private Function JoinFirst(texts() As String, ByVal count As Long, ByVal size As Long) As String
    If count = 0 Then Exit Function
    If count < size Then
        ReDim Preserve texts(1 To count)
    End If
    JoinFirst = Join(texts, ",")
End Function

' Numbers as they are kept. LibreOffice 7.4 has no Value2, and its Value gives just these.
Private Function PlainValues(ByVal area As Object) As Variant
    On Error GoTo NoSuchProperty
    PlainValues = area.Value2
    Exit Function
NoSuchProperty:
    PlainValues = area.Value
End Function

' What a range of one cell gives is no grid.
Private Function AsGrid(ByVal values As Variant) As Variant
    Dim grid(1 To 1, 1 To 1) As Variant
    If IsArray(values) Then
        AsGrid = values
    Else
        grid(1, 1) = values
        AsGrid = grid
    End If
End Function

' `plain` has the whole number where `shown` has a date, or money cut off at four digits.
Private Function CellJson(ByVal plain As Variant, ByVal shown As Variant) As String
    Select Case VarType(plain)
    Case vbEmpty, vbNull
        CellJson = "null"
    Case vbString
        CellJson = IIf(Len(plain) = 0, "null", JsonText(CStr(plain)))
    Case vbBoolean
        CellJson = JsonTruth(CBool(plain))
    Case vbError
        CellJson = "{""error"":" & JsonText(ErrorWord(plain)) & "}"
    Case Else
        If VarType(shown) = vbDate Then
            CellJson = DateJson(CDate(shown))
        Else
            CellJson = JsonNumber(CDbl(plain))
        End If
    End Select
End Function

' Not what is shown, which is ### where the column is narrow. Errors of later versions count as #VALUE!.
Private Function ErrorWord(ByVal value As Variant) As String
    Select Case value
    Case CVErr(2000): ErrorWord = "#NULL!"
    Case CVErr(2007): ErrorWord = "#DIV/0!"
    Case CVErr(2023): ErrorWord = "#REF!"
    Case CVErr(2029): ErrorWord = "#NAME?"
    Case CVErr(2036): ErrorWord = "#NUM!"
    Case CVErr(2042): ErrorWord = "#N/A"
    Case Else: ErrorWord = "#VALUE!"
    End Select
End Function

Private Function DateJson(ByVal found As Date) As String
    DateJson = "{""date"":""" & Format(found, "yyyy-mm-dd") & """}"
End Function
